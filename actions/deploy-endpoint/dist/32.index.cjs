"use strict";exports.id=32,exports.ids=[32],exports.modules={7032:((O,E,_)=>{_.d(E,{fromEnv:()=>M.g});var M=_(4938),s=_(4385),D=_(9135),P=_(1872),C=_(3880),n=_(6193),A=_(9520)})};
