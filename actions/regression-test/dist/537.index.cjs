"use strict";exports.id=537,exports.ids=[537],exports.modules={6537:((O,E,_)=>{_.d(E,{fromEnv:()=>M.g});var M=_(7415),s=_(3736),D=_(7114),P=_(2361),C=_(8985),n=_(8984),A=_(5157)})};
