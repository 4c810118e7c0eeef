"use strict";exports.id=703,exports.ids=[703],exports.modules={3703:((O,E,_)=>{_.d(E,{fromEnv:()=>M.g});var M=_(5529),s=_(3614),D=_(6120),P=_(8787),C=_(7539),n=_(7534),A=_(5447)})};
